"""The examples of the README run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import Cluster

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
TOLD = [
    "mail to ada@example.org\n",
    "1024\n[1.0, 2.0, 3.0]\n",
    "5040\n",
    "mail to ada@example.org\n",
]


@pytest.mark.parametrize(("example", "told"), list(zip(EXAMPLES, TOLD, strict=True)))
def test_example(cluster: Cluster, example: str, told: str) -> None:
    """Each is a script that needs a cluster and nothing else."""
    environment = {**os.environ, "FERRY_SERVER": ",".join(cluster.servers)}
    command = [sys.executable, "-c", example]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", told)
