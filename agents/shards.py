"""Receives one shard on a node: compressed, resumable, verified, kept for later trials.

Python 3.6+, standard library only, Linux; the host sends this file ahead of the shard. A shard's
name is the SHA-256 of its bytes and a suffix. It arrives compressed by zlib as <name>.part, which
stays when the link is cut; unpacked and verified it takes its name.

The first line of stdin is {name, size, packed, keep}; the answer is {have, complete}: how many of
the packed bytes are here already. Then come the others, and the answer {done}. Whatever is wrong
is answered by {error}.

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
from typing import Any, Dict, Tuple, cast

MAX_SIZE = 1 << 36  # bytes of one shard
SLICE = 1 << 18  # bytes unpacked at a time
PIECE = 1 << 16  # bytes read at a time
NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}\Z")


class FileError(Exception):
    """A file that can't be taken or given; the text says why."""


class Coming:
    """A shard on its way: its compressed part so far, open and locked."""

    def __init__(self, part: str, file: int, size: int, packed: int) -> None:
        self.part, self.file, self.size, self.packed = part, file, size, packed
        self.have = os.fstat(file).st_size
        if self.have > packed:  # of another compression
            os.ftruncate(file, 0)
            self.have = 0


class Shards:
    """The node's folder of shards."""

    def __init__(self) -> None:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.join(os.path.expanduser("~"), ".cache")
        self.shards = os.path.join(base, "edgead", "shards")
        self.coming: Dict[str, Coming] = {}
        self.taken: Dict[str, int] = {}  # shards in use: descriptors with their locks

    def stage(self, name: str, size: int, packed: int, keep: int) -> Tuple[int, bool]:
        """Get ready for a shard; return (compressed bytes that are here, whether it is whole).

        size and packed are its bytes, unpacked and compressed. Beyond `keep` bytes the least
        recently used shards go, but for those that an agent has taken.
        """
        if not NAME.match(name):
            raise FileError("%.80r: expected a SHA-256 and a suffix" % name)
        try:
            own_folder(self.shards)
            if self.take(name, size):
                return packed, True
            if name in self.coming:
                os.close(self.coming.pop(name).file)
            coming = self.coming[name] = self.open_part(name, size, packed)
            self.prune(keep - size)
            free = os.statvfs(self.shards)
        except OSError as error:
            raise FileError("%s: %s" % (self.shards, error.strerror)) from None
        needed, room = size + packed - coming.have, free.f_bavail * free.f_frsize
        if needed > room:
            self.give_up(name)
            form = "%s: no room: it takes %d bytes, and %d are free"
            raise FileError(form % (self.shards, needed, room))
        return coming.have, False

    def chunk(self, name: str, offset: int, data: bytes) -> None:
        """Add bytes to a part that has `offset` of them."""
        coming = self.coming.get(name)
        if coming is None:
            raise FileError("%.80r: not being staged" % name)
        if offset != coming.have or offset + len(data) > coming.packed:
            form = "%s: expected byte %d of %d, got %d bytes at %d"
            raise FileError(form % (name, coming.have, coming.packed, len(data), offset))
        try:
            write(coming.file, data)
        except OSError as error:
            self.give_up(name)
            raise FileError("%s: %s" % (self.shards, error.strerror)) from None
        coming.have += len(data)

    def unpack(self, name: str) -> None:
        """Unpack a part, verify it and give it its name; a wrong one does not stay."""
        coming = self.coming.get(name)
        if coming is None:
            raise FileError("%.80r: not being staged" % name)
        new = os.path.join(self.shards, "%s.%d.new" % (name, os.getpid()))
        try:
            target = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_NOFOLLOW, 0o600)
            try:
                lock(target, fcntl.LOCK_EX)
                inflate(coming, target, name)
                os.rename(new, os.path.join(self.shards, name))
            finally:
                os.close(target)
            if not self.take(name, coming.size):
                raise FileError("%s: another agent has removed it" % name)
        except OSError as error:
            raise FileError("%s: %s" % (self.shards, error.strerror)) from None
        finally:
            remove(new)
            self.give_up(name)

    def take(self, name: str, size: int) -> bool:
        """Hold a shard that is here for this session; one of another size goes."""
        path = os.path.join(self.shards, name)
        if name in self.taken:
            os.close(self.taken.pop(name))
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return False
        found = os.fstat(file)
        if lock(file, fcntl.LOCK_SH) and os.fstat(file).st_nlink:
            if stat.S_ISREG(found.st_mode) and found.st_size == size:
                os.utime(file)
                self.taken[name] = file
                return True
            remove(path)
        os.close(file)
        return False

    def open_part(self, name: str, size: int, packed: int) -> Coming:
        """Open a shard's part; one of our own where another agent writes the usual one."""
        flags = os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW
        for form in ("%s.part", "%s." + str(os.getpid()) + ".part"):
            part = os.path.join(self.shards, form % name)
            file = os.open(part, flags, 0o600)
            # Whoever held it until now may have removed it.
            if lock(file, fcntl.LOCK_EX) and os.fstat(file).st_nlink:
                return Coming(part, file, size, packed)
            os.close(file)
        raise FileError("%s: another agent stages it" % name)

    def prune(self, keep: int) -> None:
        """Remove the least recently used files that nobody holds until `keep` bytes are left."""
        found = []
        for name in os.listdir(self.shards):
            path = os.path.join(self.shards, name)
            try:
                known = os.lstat(path)
            except OSError:  # another agent has removed it
                continue
            found.append((known.st_mtime, known.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if (total > keep or path.endswith(".new")) and remove_unused(path):
                total -= size

    def give_up(self, name: str) -> None:
        """Remove a part."""
        coming = self.coming.pop(name, None)
        if coming is not None:
            remove(coming.part)
            os.close(coming.file)


def inflate(coming: Coming, target: int, name: str) -> None:
    """Unpack a part into a file; FileError unless it is what its name says."""
    unzip, digest = zlib.decompressobj(), hashlib.sha256()
    done, waiting, offset = 0, b"", 0
    try:
        while not unzip.eof:
            if not waiting:
                waiting = os.pread(coming.file, SLICE, offset)
                offset += len(waiting)
            plain, ended = unzip.decompress(waiting, SLICE), not waiting
            waiting = unzip.unconsumed_tail
            if (ended and not plain) or done + len(plain) > coming.size:
                break
            write(target, plain)
            digest.update(plain)
            done += len(plain)
    except zlib.error:
        pass
    whole = unzip.eof and done == coming.size and coming.have == coming.packed
    if not whole or digest.hexdigest() != name[:64]:
        raise FileError("%s: what has come is not what its name says; stage it again" % name)
    os.fdatasync(target)


def own_folder(path: str) -> None:
    """Make a folder that only we can use, or see that it is one; OSError."""
    os.makedirs(path, 0o700, exist_ok=True)
    os.chmod(path, 0o700)  # fails where it is somebody else's


def lock(file: int, kind: int) -> bool:
    """Lock a file for as long as it is open; tell whether nobody else had."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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


def receive(source: io.BufferedReader) -> None:
    """Take one shard from a stream; a stream that is cut leaves the part for the next attempt."""
    asked = json.loads(source.readline().decode("ascii"))
    name, packed = asked["name"], asked["packed"]
    shards = Shards()
    have, complete = shards.stage(name, asked["size"], packed, asked["keep"])
    tell(have=have, complete=complete)
    if complete:
        return
    while have < packed:
        piece = source.read1(min(PIECE, packed - have))
        if not piece:
            return
        shards.chunk(name, have, piece)
        have += len(piece)
    shards.unpack(name)
    tell(done=True)


def main() -> None:
    """Take one shard from standard input."""
    try:
        receive(cast(io.BufferedReader, sys.stdin.buffer))
    except (FileError, KeyError, TypeError, ValueError) as error:
        tell(error=str(error))


if __name__ == "__main__":
    main()
