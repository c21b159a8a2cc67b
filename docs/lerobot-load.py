"""Loads a dataset that Rollcast exported, with LeRobot's own reader, and shows what is in it.

    pip install lerobot
    python lerobot-load.py path/to/dataset

Written against the description of LeRobotDataset v3.0 (library 0.6.x); it has not been run with the
library here. `rollcast export lerobot --check` checks the same directory without Python. If the
reader tries to download something, a file is missing: run the check.
"""

import sys
from pathlib import Path

from lerobot.datasets.lerobot_dataset import LeRobotDataset
from torch.utils.data import DataLoader


def main(directory: str) -> None:
    root = Path(directory).resolve()
    # The name is free; with `root` nothing is fetched from the Hub as long as all files are there.
    dataset = LeRobotDataset(repo_id=f"local/{root.name}", root=root)
    print(f"{dataset.num_episodes} episodes, {dataset.num_frames} frames, {dataset.fps} a second")
    for name, feature in dataset.features.items():
        print(f"  {name}: {feature['dtype']} {list(feature['shape'])}")

    first = dataset[0]
    print("task of the first frame:", first["task"])
    for name, value in first.items():
        if hasattr(value, "shape"):
            print(f"  {name}: {tuple(value.shape)} {value.dtype}")

    # A frame of every episode, pictures decoded: slow or wrong videos show here, not in training.
    starts = [int(row["dataset_from_index"]) for row in dataset.meta.episodes]
    for episode, start in enumerate(starts):
        row = dataset[start]
        assert int(row["episode_index"]) == episode, (episode, row["episode_index"])
        assert int(row["frame_index"]) == 0, (episode, row["frame_index"])

    batch = next(iter(DataLoader(dataset, batch_size=min(8, len(dataset)), shuffle=True)))
    print("a batch:", {name: tuple(v.shape) for name, v in batch.items() if hasattr(v, "shape")})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python lerobot-load.py path/to/dataset")
    main(sys.argv[1])
