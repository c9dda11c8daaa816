"""Fails when a test was skipped that should have run: a skipped test is not a passed one."""

import os
import sys
import xml.etree.ElementTree as ET

EXPECTED = () if "SYNTHEA_DIR" in os.environ else ("SYNTHEA_DIR",)

unexpected = []
for case in ET.parse(sys.argv[1]).iter("testcase"):
    skipped = case.find("skipped")
    if skipped is None or skipped.get("type") == "pytest.xfail":
        continue
    reason = skipped.get("message", "")
    if not any(word in reason for word in EXPECTED):
        unexpected.append(f"{case.get('classname')}::{case.get('name')}: {reason}")
if unexpected:
    print("\n".join(["tests were skipped that should have run:", *unexpected]))
    sys.exit(1)
print("no unexpected skip")
