"""A cluster with a worker in this process, and what keeps that from changing the process."""

import os

from fake_cluster import FakeCluster


class OneWorker(FakeCluster):
    """A cluster with a worker in this process, which packs and unpacks like any other."""

    def make(self, worker, parcel, objects):
        self.made.append(parcel)
        number = self._answer(self.worker.make(parcel, objects.__getitem__))
        self.running[number] = worker
        return number

    def put(self, data):
        self.puts.append(data)
        return data


def unpinned(plain):
    def init(self, setup):
        cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        cuda = os.environ.get("CUDA_VISIBLE_DEVICES")
        plain(self, setup)
        if cores:
            os.sched_setaffinity(0, cores)
        if cuda is None:
            os.environ.pop("CUDA_VISIBLE_DEVICES", None)

    return init
