"""Halves as safetensors and what numpy and ml_dtypes say that they are: halves.py FOLDER"""
import os
import sys

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

# Each exponent and sign with a few fractions: zeros, denormals, the largest, infinities, NaN.
bits16 = [s << 15 | e << 10 | f for s in (0, 1) for e in range(32) for f in (0, 1, 0x155, 0x3ff)]
bits_b = [s << 15 | e << 7 | f for s in (0, 1) for e in (*range(4), *range(5, 251, 17), *range(252, 256))
          for f in (0, 1, 0x2a, 0x7f)]
tensors = {}
for name, bits, dtype in (("f16", bits16, np.float16), ("bf16", bits_b, ml_dtypes.bfloat16)):
    half = np.array(bits, np.uint16).view(dtype)
    tensors[name + "/half"] = half
    tensors[name + "/float"] = half.astype(np.float32)
save_file(tensors, os.path.join(sys.argv[1], "halves.safetensors"), {"made": "by halves.py"})
