/* Everything that a plugin may include. */
#ifndef RNFRAME_RNFRAME_H
#define RNFRAME_RNFRAME_H

#include <rnframe/backend.h>
#include <rnframe/callback.h>
#include <rnframe/compose.h>
#include <rnframe/conv.h>
#include <rnframe/crc32.h>
#include <rnframe/data.h>
#include <rnframe/decoder.h>
#include <rnframe/exif.h>
#include <rnframe/export.h>
#include <rnframe/format.h>
#include <rnframe/gnuplot.h>
#include <rnframe/initializer.h>
#include <rnframe/layer.h>
#include <rnframe/learned.h>
#include <rnframe/npy.h>
#include <rnframe/records.h>
#include <rnframe/sums.h>
#include <rnframe/training.h>
#include <rnframe/vmath.h>

#endif
