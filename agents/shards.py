"""Receives one shard on a node: compressed, resumable, verified, kept for later trials.

Python 3.6+, standard library only, Linux; the host sends this file ahead of the shard. A shard's
name is the SHA-256 of its bytes and a suffix. It arrives compressed by zlib as <name>.part, which
stays when the link is cut; unpacked and verified it takes its name.

The first line of stdin is {name, size, packed, keep, verify}; the answer is {have, complete}: how
many of the packed bytes are here already. With `verify` a shard that is here is read, and goes
unless it is what its name says. Then come the others, and the answer {done}. Whatever is wrong is
answered by {error}. Beyond `keep` bytes the least recently used shards go.

Whoever writes or checks a file holds a lock on it (flock), which goes with the process: so nodes
that share a home neither write the same part nor remove what another one is busy with.
"""

import fcntl
import hashlib
import io
import json
import os
import re
import stat
import sys
import zlib
from typing import Any, cast

SLICE = 1 << 18  # bytes unpacked at a time
PIECE = 1 << 16  # bytes read at a time
NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}\Z")


class ShardError(Exception):
    """A shard that can't be taken; the text says why."""


class Shard:
    """A shard's place on this node: `size` bytes that come as `packed` compressed ones."""

    def __init__(self, folder: str, name: str, size: int, packed: int) -> None:
        self.folder, self.name, self.size, self.packed = folder, name, size, packed
        self.path = os.path.join(folder, name)

    def is_here(self, verify: bool = False) -> bool:
        """Tell whether it is here, and hold it from now on; one that can't be it goes."""
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return False
        if lock(file, fcntl.LOCK_SH):
            found = os.fstat(file)
            fits = stat.S_ISREG(found.st_mode) and found.st_size == self.size and found.st_nlink
            if fits and (not verify or digest_of(file) == self.name[:64]):
                os.utime(file)
                return True
            remove(self.path)
        os.close(file)
        return False

    def open_part(self) -> None:
        """Open its part: one of our own where another node of this home writes the usual one."""
        flags = os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW
        for form in ("%s.part", "%s." + str(os.getpid()) + ".part"):
            self.part = form % self.path
            self.file = os.open(self.part, flags, 0o600)
            found = os.fstat(self.file)
            # Whoever held it until now may have removed it.
            if lock(self.file, fcntl.LOCK_EX) and os.fstat(self.file).st_nlink:
                self.have = found.st_size
                if self.have > self.packed:  # of another compression
                    os.ftruncate(self.file, 0)
                    self.have = 0
                return
            os.close(self.file)
        raise ShardError("%s: another node of this home stages it" % self.name)

    def check_room(self) -> None:
        """Refuse what the disk has no room for."""
        free = os.statvfs(self.folder)
        needed, room = self.size + self.packed - self.have, free.f_bavail * free.f_frsize
        if needed > room:
            form = "%s: no room: it takes %d bytes, and %d are free"
            raise ShardError(form % (self.folder, needed, room))

    def fill(self, source: io.BufferedReader) -> bool:
        """Take the rest of the part; tell whether it is whole, or the link was cut before."""
        while self.have < self.packed:
            piece = source.read1(min(PIECE, self.packed - self.have))
            if not piece:
                return False
            write(self.file, piece)
            self.have += len(piece)
        return True

    def unpack(self) -> None:
        """Unpack the part, verify it and give it its name."""
        new = "%s.%d.new" % (self.path, os.getpid())
        target = open_held(new)
        try:
            self.inflate(target)
            os.rename(new, self.path)
        finally:
            os.close(target)
            remove(new)

    def inflate(self, target: int) -> None:
        """Unpack into a file; ShardError unless that gives what the name says."""
        unzip, digest, done, offset, waiting = zlib.decompressobj(), hashlib.sha256(), 0, 0, b""
        try:
            while not unzip.eof and done <= self.size:
                if not waiting:
                    waiting = os.pread(self.file, SLICE, offset)
                    offset += len(waiting)
                ended = not waiting
                plain = unzip.decompress(waiting, SLICE)
                waiting = unzip.unconsumed_tail
                if ended and not plain:
                    break
                done += len(plain)
                if done <= self.size:
                    write(target, plain)
                    digest.update(plain)
        except zlib.error:
            pass
        if not unzip.eof or done != self.size or digest.hexdigest() != self.name[:64]:
            raise ShardError("%s: what has come is not what its name says" % self.name)
        os.fdatasync(target)


def digest_of(file: int) -> str:
    """Return the SHA-256 of an open file, in hexadecimal; OSError."""
    digest, offset = hashlib.sha256(), 0
    while True:
        piece = os.pread(file, SLICE, offset)
        if not piece:
            return digest.hexdigest()
        digest.update(piece)
        offset += len(piece)


def shards_folder() -> str:
    """Return the folder of this user's shards."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "edgead", "shards")


def own_folder(path: str) -> None:
    """Make a folder that only we can use, or see that it is one; OSError."""
    os.makedirs(path, 0o700, exist_ok=True)
    os.chmod(path, 0o700)  # fails where it is somebody else's


def prune(folder: str, keep: int) -> None:
    """Remove the least recently used files that nobody holds until `keep` bytes are left."""
    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            known = os.lstat(path)
        except OSError:  # another node of this home has removed it
            continue
        found.append((known.st_mtime, known.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if (total > keep or path.endswith(".new")) and remove_unused(path):
            total -= size


def lock(file: int, kind: int) -> bool:
    """Lock a file for as long as it is open; tell whether nobody else had."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_held(path: str) -> int:
    """Make a file and hold it: before that, another node of this home may remove it."""
    while True:
        file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        if lock(file, fcntl.LOCK_EX) and os.fstat(file).st_nlink:
            return file
        os.close(file)


def write(file: int, data: bytes) -> None:
    """Write all of it; OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def remove(path: str) -> None:
    """Remove a file, if it is still there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def remove_unused(path: str) -> bool:
    """Remove a file unless somebody holds it; tell whether it went."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        if not lock(file, fcntl.LOCK_EX):
            return False
        os.unlink(path)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def tell(**fields: Any) -> None:
    """Print one answer."""
    print(json.dumps(fields))
    sys.stdout.flush()


def asked_shard(asked: Any) -> Shard:
    """Make the shard that the host asks for, if that is one."""
    name, sizes = asked["name"], [asked[key] for key in ("size", "packed", "keep")]
    if not isinstance(name, str) or not NAME.match(name):
        raise ShardError("%.80r: expected a SHA-256 and a suffix" % (name,))
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise ShardError("size, packed, keep: expected numbers of bytes")
    return Shard(shards_folder(), name, *sizes[:2])


def receive(source: io.BufferedReader) -> None:
    """Take one shard from a stream; a stream that is cut leaves the part for the next attempt."""
    asked = json.loads(source.readline().decode("ascii"))
    shard = asked_shard(asked)
    own_folder(shard.folder)
    if shard.is_here(asked.get("verify") is True):
        tell(have=shard.packed, complete=True)
        return
    shard.open_part()
    try:
        prune(shard.folder, asked["keep"] - shard.size)
        shard.check_room()
        tell(have=shard.have, complete=False)
        if not shard.fill(source):
            return
        shard.unpack()
    except (ShardError, OSError):
        remove(shard.part)
        raise
    remove(shard.part)
    tell(done=True)


def main() -> None:
    """Take one shard from standard input."""
    try:
        receive(cast(io.BufferedReader, sys.stdin.buffer))
    except (ShardError, OSError, KeyError, TypeError, ValueError) as error:
        tell(error=str(error))


if __name__ == "__main__":
    main()
