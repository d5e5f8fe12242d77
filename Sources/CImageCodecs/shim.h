// libjpeg-turbo and libpng behind calls that Swift can make: libjpeg reports errors by longjmp, which Swift frames must
// not see, and libpng's simplified reader is driven by macros that Swift does not import.
#pragma once

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

// Bytes of an error message, the terminating zero included.
#define QT_IMAGE_MESSAGE 256

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    char *message;
} qt_jpeg_error;

static inline void qt_jpeg_exit(j_common_ptr info) {
    qt_jpeg_error *error = (qt_jpeg_error *)info->err;
    char text[JMSG_LENGTH_MAX];
    error->base.format_message(info, text);
    snprintf(error->message, QT_IMAGE_MESSAGE, "%s", text);
    longjmp(error->escape, 1);
}

// Warnings (a truncated scan, say) are errors: an image that is not whole must not be evaluated.
static inline void qt_jpeg_emit(j_common_ptr info, int level) {
    if (level < 0) qt_jpeg_exit(info);
}

// Decodes a JPEG into `pixels`, interleaved RGB, `capacity` bytes. With a capacity of 0 only the size is read.
// Returns 0, or 1 with the reason in `message` (QT_IMAGE_MESSAGE bytes).
static inline int qt_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, int32_t *width,
                                 int32_t *height, char *message) {
    struct jpeg_decompress_struct info;
    qt_jpeg_error error;
    uint8_t *volatile cmyk = NULL;
    info.err = jpeg_std_error(&error.base);
    error.base.error_exit = qt_jpeg_exit;
    error.base.emit_message = qt_jpeg_emit;
    error.message = message;
    if (setjmp(error.escape)) {
        free(cmyk);
        jpeg_destroy_decompress(&info);
        return 1;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    *width = (int32_t)info.image_width;
    *height = (int32_t)info.image_height;
    if (capacity) {
        int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
        info.out_color_space = inks ? JCS_CMYK : JCS_RGB;
        jpeg_start_decompress(&info);
        size_t row = (size_t)info.output_width * 3;
        if (capacity < row * info.output_height) {
            snprintf(message, QT_IMAGE_MESSAGE, "the buffer is too small");
            longjmp(error.escape, 1);
        }
        if (inks) cmyk = (uint8_t *)malloc((size_t)info.output_width * 4 + 1);
        while (info.output_scanline < info.output_height) {
            uint8_t *target = pixels + row * info.output_scanline;
            JSAMPROW line = inks ? cmyk : target;
            jpeg_read_scanlines(&info, &line, 1);
            // Adobe's files hold inverted inks, so that a product of two of them is a colour.
            for (size_t x = 0; inks && x < info.output_width; x++)
                for (int c = 0; c < 3; c++) target[3 * x + c] = (uint8_t)(line[4 * x + c] * line[4 * x + 3] / 255);
        }
        free(cmyk);
        cmyk = NULL;
        jpeg_finish_decompress(&info);
    }
    jpeg_destroy_decompress(&info);
    return 0;
}

// Decodes a PNG into `pixels`, interleaved RGBA, `capacity` bytes. With a capacity of 0 only the size is read.
// Returns 0, or 1 with the reason in `message` (QT_IMAGE_MESSAGE bytes).
static inline int qt_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, int32_t *width,
                                int32_t *height, char *message) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    int failed = !png_image_begin_read_from_memory(&image, bytes, count);
    if (!failed) {
        *width = (int32_t)image.width;
        *height = (int32_t)image.height;
        image.format = PNG_FORMAT_RGBA;
        if (capacity && capacity < PNG_IMAGE_SIZE(image)) {
            snprintf(message, QT_IMAGE_MESSAGE, "the buffer is too small");
            png_image_free(&image);
            return 1;
        }
        if (capacity) failed = !png_image_finish_read(&image, NULL, pixels, 0, NULL) || PNG_IMAGE_FAILED(image);
    }
    if (failed) snprintf(message, QT_IMAGE_MESSAGE, "%s", image.message);
    png_image_free(&image);
    return failed;
}
