"""Golden files from Keras 2 (tf_keras) and the published SE-MXResNet20 weights.

keras.py probabilities WEIGHTS.h5 CIFAR.tar.xz [--out DIR]   probabilities on the test set
keras.py steps WEIGHTS.h5 CIFAR.tar.xz [--out DIR]           twenty training steps
"""

import argparse
import json
import os
import sys
from pathlib import Path

# This file must not be what `import keras` finds inside TensorFlow.
sys.path.append(sys.path.pop(0))
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
import tf_keras
from safetensors.numpy import save_file
from tf_keras import layers

import cifar
import published

STEM_FILTERS = 16
STAGES = [  # filters, stride of the first block
    (16, 1),
    (32, 2),
    (64, 2),
]
BLOCKS = 3
SE_RATIO = 16
BN = {"epsilon": 2e-5, "momentum": 0.9}
L2 = 1e-4
TRAINING = {"lr": 0.01, "momentum": 0.9, "smoothing": 0.1, "batch": 128, "steps": 20}
MODEL = "se_mxresnet20_published"
PARAMETERS = 276570


def mish(x):
    return x * tf.math.tanh(tf.math.softplus(x))


def conv(x, name, filters, size, stride=1):
    return layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False,
                         kernel_regularizer=tf_keras.regularizers.l2(L2), name=name)(x)


def bn_mish(x, name):
    return layers.Activation(mish)(layers.BatchNormalization(name=name, **BN)(x))


def squeeze_excite(x, name):
    channels = x.shape[-1]
    scale = layers.GlobalAveragePooling2D(keepdims=True)(x)
    scale = layers.Dense(channels // SE_RATIO, activation="relu", use_bias=False,
                         name=f"{name}_squeeze")(scale)
    scale = layers.Dense(channels, activation="sigmoid", use_bias=False,
                         name=f"{name}_excite")(scale)
    return layers.Multiply()([x, scale])


def block(x, name, filters, stride, project):
    """A pre-activation block; the published shape has no norm on the shortcut."""
    active = bn_mish(x, f"{name}_bn1")
    y = conv(active, f"{name}_conv1", filters, 3, stride)
    y = conv(bn_mish(y, f"{name}_bn2"), f"{name}_conv2", filters, 3)
    y = squeeze_excite(y, f"{name}_se_block")
    if project:
        pooled = layers.AveragePooling2D(2, strides=stride, padding="same")(active)
        x = conv(pooled, f"{name}_red", filters, 1)
    return layers.Add()([y, x])


def published_model():
    """The shape the published weights were trained in, giving logits."""
    image = layers.Input((32, 32, 3))
    x = conv(image, "stem_conv", STEM_FILTERS, 3)
    for stage, (filters, stride) in enumerate(STAGES, 1):
        for index in range(1, BLOCKS + 1):
            first = index == 1
            x = block(x, f"stage{stage}_res_block{index}", filters, stride if first else 1, first)
    x = bn_mish(x, "final_bn")
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    logits = layers.Dense(cifar.CLASSES, kernel_regularizer=tf_keras.regularizers.l2(L2),
                          name="classifier")(x)
    return tf_keras.Model(image, logits, name=MODEL)


def weights_by_name(model):
    """Every variable under its LAYER/kind name."""
    return {variable.name.removesuffix(":0"): variable for variable in model.weights}


def load_published(path):
    model = published_model()
    stored = published.read_weights(path)
    for name, variable in weights_by_name(model).items():
        variable.assign(stored.pop(name))
    if stored:
        raise SystemExit(f"{path}: no place for {', '.join(stored)}")
    if model.count_params() != PARAMETERS:
        raise SystemExit(f"{model.count_params()} parameters instead of {PARAMETERS}")
    return model


def probabilities(arguments):
    model = load_published(arguments.weights)
    images, labels = cifar.read_images(arguments.archive, "test_batch.bin")
    chunks = [tf.nn.softmax(model(chunk, training=False)).numpy()
              for chunk in np.array_split(images, 40)]
    result = np.concatenate(chunks).astype("<f4")
    error = np.mean(result.argmax(1) != labels)
    entropy = -np.log(result[np.arange(len(labels)), labels].astype(np.float64)).mean()
    print(f"error {100 * error:.2f} %, cross-entropy {entropy:.5f}")
    np.save(arguments.out / f"{MODEL}_probs.npy", result)


def train_step(model, optimizer, images, labels):
    """One update; the numbers are those before it."""
    targets = cifar.smooth_targets(labels, TRAINING["smoothing"])
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        data_loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        loss = data_loss + tf.add_n(model.losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    accuracy = np.mean(logits.numpy().argmax(1) == labels)
    return {"loss": float(loss), "data_loss": float(data_loss), "accuracy": float(accuracy)}


def steps(arguments):
    model = load_published(arguments.weights)
    batch, count = TRAINING["batch"], TRAINING["steps"]
    images, labels = cifar.read_images(arguments.archive, "data_batch_1.bin", batch * count)
    optimizer = tf_keras.optimizers.SGD(TRAINING["lr"], momentum=TRAINING["momentum"])
    history = []
    for step in range(count):
        part = slice(step * batch, (step + 1) * batch)
        history.append({"step": step + 1, **train_step(model, optimizer, images[part], labels[part])})
        print(history[-1], flush=True)
    text = json.dumps(history, indent=1)
    (arguments.out / f"{MODEL}_steps.json").write_text(text + "\n")
    after = {name: variable.numpy() for name, variable in weights_by_name(model).items()}
    save_file(after, arguments.out / f"{MODEL}_after{count}.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["probabilities", "steps"])
    parser.add_argument("weights", help="the published HDF5 file")
    parser.add_argument("archive", help="CIFAR-10, binary version, as a tar archive")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    {"probabilities": probabilities, "steps": steps}[arguments.command](arguments)


if __name__ == "__main__":
    main()
