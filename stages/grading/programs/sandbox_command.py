"""How a sandbox is started: bubblewrap's arguments, Python's, and the environment.

A sandbox sees Python and the system's libraries, read-only, and a small tmp of its own; it has no
network, no environment and no other process to see.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Literal

from schemas.errors import RatchetError

INSIDE = Path(__file__).parent / "inside"
PACKAGES = ("site-packages", "dist-packages")
TMP = Path("/tmp")
TMP_BYTES = 64 << 20

Mode = Literal["bubblewrap", "none"]


def is_root(mode: Mode) -> bool:
    """Whether root starts the sandbox, whose programs then get users of their own."""
    return mode == "bubblewrap" and os.geteuid() == 0


def bubblewrap_command(mode: Mode) -> list[str]:
    """The command before Python's own. Raises RatchetError without bubblewrap."""
    if mode == "none":
        return []
    program = shutil.which("bwrap")
    if program is None:
        raise RatchetError(
            "grade.sandbox=bubblewrap needs bwrap, which is not installed: install it (Debian, "
            "Ubuntu: apt-get install bubblewrap). Where every program is trusted, "
            "grade.sandbox=none runs them with your own rights"
        )
    # The kernel never limits root's number of processes, so root changes to another user.
    rights = (
        ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if is_root(mode) else
        ["--unshare-user", "--disable-userns"]
    )  # fmt: skip
    return [
        program,
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        "--unshare-cgroup-try",
        *rights,
        *("--as-pid-1", "--die-with-parent", "--new-session"),
        *("--dev", "/dev", "--remount-ro", "/dev", "--size", str(TMP_BYTES), "--perms", "1777"),
        *("--tmpfs", str(TMP), *_mount_arguments()),
        *("--ro-bind", str(INSIDE), "/ratchet/inside", "--remount-ro", "/"),
        *("--chdir", "/tmp"),
    ]  # fmt: skip


def _packages() -> list[str]:
    """The folders of installed packages, those of another environment that this one uses too."""
    folders = [Path(entry) for entry in sys.path]
    return [str(path) for path in folders if path.name in PACKAGES and path.is_dir()]


def _mount_arguments() -> list[str]:
    """Python and the system's libraries, read-only, at their places outside.

    What is below the system's tmp is mounted in a read-only folder of the sandbox's tmp.
    """
    needed = ["/usr", "/etc/ld.so.cache", "/etc/localtime", sys.prefix, sys.base_prefix]
    mounted: list[Path] = []
    for path in map(Path, dict.fromkeys([*needed, *_packages()])):
        if path.exists() and not any(path.is_relative_to(other) for other in mounted):
            mounted.append(path)
    above = {folder for path in [*mounted, Path("/ratchet/inside")] for folder in path.parents}
    inside_tmp = sorted(
        {TMP / path.relative_to(TMP).parts[0] for path in mounted if TMP in path.parents}
    )
    arguments = []
    for folder in inside_tmp:
        arguments += ["--perms", "0755", "--tmpfs", str(folder)]
    for folder in sorted(above - {Path("/"), TMP, *inside_tmp}):  # else unreadable to others
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for path in mounted:
        arguments += ["--ro-bind", str(path), str(path)]
    for folder in inside_tmp:
        arguments += [] if folder in mounted else ["--remount-ro", str(folder)]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if Path(name).is_symlink():
            arguments += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).exists():
            arguments += ["--ro-bind", name, name]
    return arguments


def python_command(mode: Mode) -> list[str]:
    """The warm process, by the folder `inside`."""
    # Only the paths of `site` are needed, and importing it would take half of the start.
    folder = "/ratchet" if mode == "bubblewrap" else str(INSIDE.parent)
    paths = [*_packages(), folder]
    start = f"import sys; sys.path += {paths!r}; from inside import server; server.main()"
    return [sys.executable, "-P", "-s", "-B", "-S", "-c", start]


def environment(mode: Mode) -> dict[str, str]:
    """Nothing of the user's; the order of sets and the number of threads are fixed."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "LD_BIND_NOW": "1",  # once in the server, not in each fork
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
