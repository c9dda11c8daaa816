"""python -m terraform.checks FOLDER: all checks of the modules and the image, and whether they see faults.

FOLDER holds the environments that `.ci/terraform` makes.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform.checks.checkers import checkers
from terraform.checks.planted import FAULTS, copy, unseen


def main() -> int:
    found, root, wrong = checkers(Path(sys.argv[1]).resolve()), Path(__file__).parents[2], 0
    with TemporaryDirectory() as work:
        copied = copy(root, Path(work))  # Terraform leaves its own folders beside what it reads
        for checker in found.values():
            if not checker.is_here:
                print(f"{checker.name}: `{checker.needs}` is not here: NOT LOOKED AT")
                continue
            begun = time.monotonic()
            said = checker.look(copied, Path("terraform"))
            wrong += bool(said)
            print(f"{checker.name}: {said or 'nothing is wrong'} ({time.monotonic() - begun:.0f} s)", flush=True)
    begun = time.monotonic()
    missed = list(unseen(found, root))
    planted = sum(found[fault.checker].is_here for fault in FAULTS)
    seen = f"{planted - len(missed)} of {planted} planted faults seen ({time.monotonic() - begun:.0f} s)"
    print("\n".join([*missed, seen]))
    return int(wrong > 0 or bool(missed))


sys.exit(main())
