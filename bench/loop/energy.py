"""What a device has used, in joules, as NVIDIA's driver counts it (extra `gpu`)."""

from functools import cache
from typing import Any

import torch


def joules(device: torch.device) -> float | None:
    """Counted since the driver was loaded; None where nobody counts: on a CPU, on older cards."""
    if device.type != "cuda" or (nvml := _library()) is None:
        return None
    try:
        uuid = torch.cuda.get_device_properties(device).uuid
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        return float(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1000
    except nvml.NVMLError:
        return None


@cache
def _library() -> Any:
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml
