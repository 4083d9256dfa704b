"""`python -m logscan` is `logscan`."""

import sys

from logscan.cli.main import main

sys.exit(main())
