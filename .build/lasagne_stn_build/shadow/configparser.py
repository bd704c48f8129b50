"""Python's own module, and the two names that Theano-PyMC's setup.py still uses."""

import importlib.machinery
import os
import sys
import sysconfig

_path = os.path.join(sysconfig.get_path('stdlib'), 'configparser.py')
importlib.machinery.SourceFileLoader(__name__, _path).exec_module(sys.modules[__name__])


class SafeConfigParser(sys.modules[__name__].ConfigParser):
    """The parser's name before Python 3.2, removed in 3.12."""

    def readfp(self, file, filename=None):
        """Read a file that is open, under the method's name before Python 3.2."""
        self.read_file(file, filename)
