"""What a run is computed on: devices, free memory, signals, versions."""
