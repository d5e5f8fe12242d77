// What one run of a network changes in the numbers that go with channels.
#include "qt_integer_gemm.h"

void qt_channel_offsets(const int32_t *bias, const int32_t *slopes, size_t count, int32_t zero_point, int32_t *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = (int32_t)((uint32_t)bias[i] - (uint32_t)zero_point * (uint32_t)slopes[i]);
}

void qt_channel_scales(const float *scales, size_t count, float factor, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = scales[i] * factor;
}
