"""disk.py: what may be found on a disk when the power failed after any call of a record (record_io.c)."""

import itertools
import os


class File:
    """What was written since the last sync is there, or was not written, or half of what it grew by, or zeroes of its length."""

    def __init__(self):
        self.content = self.synced = b""

    def write(self, at, bytes_):
        self.content = self.content[:at].ljust(at, b"\0") + bytes_ + self.content[at + len(bytes_):]

    def truncate(self, length):
        self.content = self.content[:length].ljust(length, b"\0")

    def sync(self):
        self.synced = self.content

    def states(self):
        if self.content == self.synced:
            return [self.content]
        half = self.synced + self.content[len(self.synced):][: (len(self.content) - len(self.synced)) // 2]
        return list(dict.fromkeys([self.content, self.synced, half, bytes(len(self.content))]))


class PagedFile(File):
    """A file that is written here and there: of the writes since the last sync the first ones took place, for every number of them;
    or all but one (of eight of them, spread evenly, and the last two); or all, and the last by half. A file that is new may also
    have its length and zeroes."""

    def __init__(self):
        super().__init__()
        self.pending = []

    def write(self, at, bytes_):
        super().write(at, bytes_)
        self.pending.append((at, bytes_))

    def truncate(self, length):
        super().truncate(length)
        self.pending.append((length, None))

    def sync(self):
        super().sync()
        self.pending = []

    def after(self, calls):
        file = File()
        file.content = self.synced
        for at, bytes_ in calls:
            file.truncate(at) if bytes_ is None else file.write(at, bytes_)
        return file.content

    def states(self):
        calls = self.pending
        found = [self.after(calls[:n]) for n in range(len(calls), -1, -1)]
        left_out = sorted({n * len(calls) // 8 for n in range(8)} | {len(calls) - 2, len(calls) - 1})
        found += [self.after(calls[:n] + calls[n + 1:]) for n in left_out if 0 <= n < len(calls)]
        if calls and calls[-1][1]:
            at, bytes_ = calls[-1]
            found.append(self.after(calls[:-1] + [(at, bytes_[: len(bytes_) // 2])]))
        if calls and not self.synced:
            found.append(bytes(len(self.content)))
        return list(dict.fromkeys(found))


class Folder:
    """Of the calls on names since the last sync each took place or did not, whatever became of those before it."""

    def __init__(self):
        self.names, self.synced, self.pending = {}, {}, []

    def change(self, *changes):
        """Names, and what gets each; None: nobody has it any more."""
        self.pending.append(changes)
        self.apply(self.names, changes)

    @staticmethod
    def apply(names, changes):
        for name, what in changes:
            names.pop(name, None)
            if what is not None:
                names[name] = what

    def sync(self):
        self.synced, self.pending = dict(self.names), []

    def states(self):
        for kept in itertools.product((True, False), repeat=len(self.pending)):
            names = dict(self.synced)
            for changes, keep in zip(self.pending, kept):
                if keep:
                    self.apply(names, changes)
            yield names


class Disk:
    """The folder `top` as a program changes it, call by call. `kind`: of its files. `ignored`: ends of names that hold nothing."""

    def __init__(self, top, kind=File, ignored=()):
        self.top, self.kind, self.ignored = top, kind, tuple(ignored)
        self.root, self.open = Folder(), {}

    def find(self, path):
        """The folder that holds `path`, and its name there; None outside."""
        path = os.path.normpath(path)
        if not path.startswith(self.top + "/") or (self.ignored and path.endswith(self.ignored)):
            return None, None
        *above, name = path[len(self.top) + 1:].split("/")
        folder = self.root
        for part in above:
            folder = folder.names[part]
        return folder, name

    def play(self, record, call, *words):
        if call in ("create", "open", "folder"):
            self.play_open(call, *words)
        elif call == "write":
            if self.open[words[0]]:
                self.open[words[0]].write(int(words[1]), (record / words[3]).read_bytes())
        elif call == "truncate" and self.open[words[0]]:
            self.open[words[0]].truncate(int(words[1]))
        elif call == "sync" and self.open[words[0]]:
            self.open[words[0]].sync()
        elif call in ("link", "rename", "unlink", "mkdir"):
            self.play_name(call, *words)

    def play_open(self, call, file, path):
        folder, name = self.find(path)
        if folder is None:
            self.open[file] = self.root if os.path.normpath(path) == self.top else None
            return
        if call == "create":
            folder.change((name, self.kind()))
        self.open[file] = folder.names[name]

    def play_name(self, call, path, to=None):
        folder, name = self.find(path)
        if folder is None:
            return
        if call in ("unlink", "mkdir"):
            folder.change((name, Folder() if call == "mkdir" else None))
            return
        other, new = self.find(to)
        what = folder.names[name]
        if call == "link":
            other.change((new, what))
        elif other is folder:
            folder.change((name, None), (new, what))
        else:  # either of the two folders may be on the disk without the other
            other.change((new, what))
            folder.change((name, None))

    def states(self, folder=None):
        """What may be found after a crash: each a dictionary of paths and contents, folders' being None."""
        for names in (folder or self.root).states():
            parts = []
            for name, what in names.items():
                if isinstance(what, File):
                    parts.append([{name: content} for content in what.states()])
                else:
                    parts.append([{name: None, **{f"{name}/{path}": content for path, content in below.items()}}
                                  for below in self.states(what)])
            for chosen in itertools.product(*parts):
                yield {path: content for part in chosen for path, content in part.items()}
