// The C face of the CPU kernels. Swift sees it through QTuneKernels only.
#pragma once

#include "qt_ceiling.h"
#include "qt_f32_depthwise.h"
#include "qt_f32_elementwise.h"
#include "qt_f32_gemm.h"
#include "qt_f32_reduction.h"
#include "qt_f32_resample.h"
#include "qt_f32_selection.h"
#include "qt_f32_winograd.h"
#include "qt_integer_depthwise.h"
#include "qt_integer_elementwise.h"
#include "qt_integer_gemm.h"
#include "qt_interleave.h"
#include "qt_isa.h"
#include "qt_pool.h"
#include "qt_transpose.h"
#include "qt_window_max.h"
