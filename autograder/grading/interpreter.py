"""A Python that another user can read. An interpreter below /root or another private folder serves its owner alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import sysconfig
from pathlib import Path

CACHE = Path("/var/tmp")
_NOT_NEEDED = {"site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}


def readable_by_others(path: Path) -> bool:
    """Whether any user can reach and read `path`."""
    path = path.resolve()
    wanted = stat.S_IROTH | stat.S_IXOTH if path.is_dir() else stat.S_IROTH
    return path.stat().st_mode & wanted == wanted and all(p.stat().st_mode & stat.S_IXOTH for p in path.parents)


def readable_interpreter() -> tuple[Path, list[str]]:
    """A Python executable that any user can run, and the folders to put on its path (packages of the running environment).

    The running one where it can be read; else a copy in /var/tmp, by hard links where they are possible, made once for each version.
    """
    packages = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    base = Path(sys.base_prefix)
    stdlib = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix}))
    if os.geteuid() != 0 or (readable_by_others(stdlib / "os.py") and all(readable_by_others(Path(p)) for p in packages)):
        return Path(sys.executable), packages
    home = _copy(base, stdlib)
    return home / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}", [_reachable(Path(p)) for p in packages]


def _copy(base: Path, stdlib: Path) -> Path:
    made = (stdlib / "os.py").stat().st_mtime_ns
    name = f"autograder-python-{_digest(f'{base}{sys.version}{made}')}"
    home = CACHE / name
    if home.exists() and home.stat().st_uid == os.geteuid():
        return home
    work = CACHE / f"{name}.{os.getpid()}"
    (work / "bin").mkdir(parents=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    _link(Path(os.path.realpath(sys.executable)), work / "bin" / version)
    shutil.copytree(stdlib, work / "lib" / version, copy_function=_link, ignore=lambda _, names: _NOT_NEEDED & set(names))
    for library in (base / "lib").glob("libpython*"):
        _link(library, work / "lib" / library.name)
    try:
        work.rename(home)
    except OSError:
        shutil.rmtree(work)  # another process was faster
    return home


def _reachable(packages: Path) -> str:
    """The packages' own folder when any user can read it, else a linked copy."""
    if readable_by_others(packages):
        return str(packages)
    home = CACHE / f"autograder-packages-{_digest(f'{packages}{packages.stat().st_mtime_ns}')}"
    if not (home.exists() and home.stat().st_uid == os.geteuid()):
        work = CACHE / f"{home.name}.{os.getpid()}"
        shutil.copytree(packages, work, copy_function=_link, symlinks=True)
        try:
            work.rename(home)
        except OSError:
            shutil.rmtree(work)
    return str(home)


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        shutil.copy2(source, target)
    if not os.stat(target).st_mode & stat.S_IROTH:
        os.unlink(target)
        shutil.copy2(source, target)
        os.chmod(target, os.stat(target).st_mode | stat.S_IROTH)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
