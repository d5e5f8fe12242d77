// libjpeg-turbo and libpng.
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
