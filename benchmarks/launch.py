"""Starts a command, waits for it, and writes what it used as JSON to an open file.

    python -I -S launch.py FILE_NUMBER COMMAND...

Linux counts the memory of the process that starts another as the other's peak. This one is small, so that a
command's peak is its own; it imports nothing that it can do without.
"""

import json
import os
import sys
import time


def main(file: int, command: list[str]) -> None:
    os.set_inheritable(file, False)
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    found = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": kilobytes / 1024,
    }
    os.write(file, json.dumps(found).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
