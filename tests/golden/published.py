"""The published Keras HDF5 file as arrays under LAYER/kind names."""

import h5py


def read_weights(path):
    """Every stored weight, in Keras' layouts: {"stem_conv/kernel": array, ...}."""
    weights = {}
    with h5py.File(path) as file:
        for layer, group in file["model_weights"].items():
            for item, value in group.get(layer, {}).items():
                weights[f"{layer}/{item.removesuffix(':0')}"] = value[()]
    return weights
