#!/usr/bin/env python3
"""Opens a .fovea file with h5py, which shares no code with fovea's own reader beyond the HDF5 library.

    open_model.py MODEL

Checks the layout that include/fovea/model.h promises, and prints one line of what it found. tests/scripts/model_h5py.sh runs it.
"""
import json
import sys

import h5py
import numpy


def text(dataset):
    return dataset[()].decode("utf-8")


def main(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["format"] == b"fovea model" and file.attrs["version"] == 1, dict(file.attrs)
        graph = text(file["graph"])
        sections = {name: json.loads(text(dataset)) for name, dataset in file["sections"].items()}
        assert all(dataset.attrs["version"] >= 1 for dataset in file["sections"].values())
        tensors = {}
        for group in ("parameters", "buffers", "slots"):
            for name, dataset in file.get(group, {}).items():
                values = dataset[()]
                assert dataset.chunks is None and not dataset.compression, name
                assert numpy.isfinite(numpy.asarray(values, dtype=float)).all(), name
                tensors[group, name] = values
    classes, signature = sections["classes"]["names"], sections["signature"]
    assert len(classes) == signature["classes"]
    for (group, name) in tensors:
        if group != "slots":
            assert name in graph, f"{name} is not in the graph"
    parameters = sum(values.size for (group, _), values in tensors.items() if group == "parameters")
    slots = sum(group == "slots" for group, _ in tensors)
    print(f"{parameters} parameters, {slots} slots, classes {','.join(classes)}, sections {','.join(sorted(sections))}")


main(sys.argv[1])
