"""Programs in a Python process of their own."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def python(environment, code, *options):
    """Return output, errors and exit status of a new Python; warnings are errors."""
    done = subprocess.run(
        [sys.executable, '-W', 'error', *options, '-c', code],
        env=dict(environment, PYTHONPATH=ROOT),
        capture_output=True,
        text=True,
    )
    return done.stdout, done.stderr, done.returncode
