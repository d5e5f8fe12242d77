// OpenBLAS: general float32 matrix products.
#include <cblas.h>
