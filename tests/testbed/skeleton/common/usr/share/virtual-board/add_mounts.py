"""Add what the host-files lists name to a container's config.json: add_mounts.py CONFIG."""

import json
import sys
from pathlib import Path

LISTS = Path("/etc/nvidia-container-runtime/host-files-for-container.d")


def main(config: Path) -> None:
    content = json.loads(config.read_text())
    lines = [line for file in sorted(LISTS.glob("*.csv")) for line in file.read_text().split("\n")]
    for path in (line.partition(",")[2].strip() for line in lines if line):
        options = ["rbind", "ro"]
        mount = {"source": path, "destination": path, "type": "bind", "options": options}
        content["mounts"].append(mount)
    content["process"]["env"].append("NVIDIA_VISIBLE_DEVICES=all")
    config.write_text(json.dumps(content))


main(Path(sys.argv[1]))
