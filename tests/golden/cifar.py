"""CIFAR-10's binary archive as normalised NHWC arrays, shared by the golden scripts."""

import tarfile

import numpy as np

MEAN = np.array([0.4914, 0.4822, 0.4465], np.float32)
STD = np.array([0.2470, 0.2435, 0.2616], np.float32)
CLASSES = 10
RECORD = 1 + 3 * 32 * 32


def read_records(archive, file_name):
    """The raw records of one batch file, one row of label and planes per image."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.rsplit("/", 1)[-1] == file_name:
                data = tar.extractfile(member).read()
                return np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    raise SystemExit(f"{archive}: no {file_name} in it")


def read_images(archive, file_name, count=None):
    """Normalised images (N,32,32,3) and labels (N,), in file order."""
    records = read_records(archive, file_name)[:count]
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    pixels = planes.transpose(0, 2, 3, 1).astype(np.float32)
    images = (pixels / np.float32(255) - MEAN) / STD
    return images, records[:, 0].astype(np.int32)


def smooth_targets(labels, smoothing):
    """One-hot targets, with `smoothing` spread evenly over all classes."""
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels]
    return one_hot * np.float32(1 - smoothing) + np.float32(smoothing / CLASSES)
