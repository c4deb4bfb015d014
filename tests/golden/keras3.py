"""Files of Keras 3 and the numbers in them: keras3.py FOLDER [NAME]

Without a name keras3.keras, keras3.weights.h5 and keras3.safetensors are made, with one only
NAME.keras, packed, which an older Keras may write too. KERAS_BACKEND=jax will do.
"""
import os
import sys
import zipfile

sys.path.append(sys.path.pop(0))  # keras.py of this folder is not what is imported
import keras
import numpy as np
from keras import layers

folder, name = sys.argv[1], (sys.argv[2:] or [None])[0]


def model(scale):
    x = inputs = keras.Input((4, 4, 3), name="input")
    x = layers.Conv2D(2, 3, name="stem")(x)
    x = layers.BatchNormalization(name="norm", scale=scale)(x)
    x = layers.Conv2D(3, 1, use_bias=False, name="second")(x)
    x = keras.ops.add(x, 1.0)  # no layer, but it stands among them
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="inner")], name="sub")(x)
    x = layers.Dense(2, name="low", dtype="bfloat16")(x)
    x = layers.Dense(2, name="half", dtype="float16")(x)
    made = keras.Model(inputs, x, name="model")
    for layer in made.layers + made.get_layer("sub").layers:
        if not hasattr(layer, "layers"):
            layer.set_weights([values(layer.name, v) for v in layer.variables])
    made.compile("adam")
    return made


def values(layer, variable):
    key = f"{layer}/{variable.name}"
    drawn = np.random.default_rng(sum(key.encode())).normal(size=tuple(variable.shape))
    return (np.abs(drawn) if "variance" in key else drawn).astype(np.float32)


if name:
    path = os.path.join(folder, name + ".keras")
    model(False).save(path)
    with zipfile.ZipFile(path) as stored:  # Keras does not pack
        members = {member: stored.read(member) for member in stored.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, data in members.items():
            packed.writestr(member, data)
    sys.exit()
from safetensors.numpy import save_file

whole = model(True)
whole.save_weights(os.path.join(folder, "keras3.weights.h5"))
model(False).save(os.path.join(folder, "keras3.keras"))
save_file({f"{layer.name}/{v.name}": np.asarray(v.value).astype(np.float32)
           for layer in whole.layers + whole.get_layer("sub").layers if not hasattr(layer, "layers")
           for v in layer.variables}, os.path.join(folder, "keras3.safetensors"))
