"""Settings of a server on a machine whose clock is wrong by ``SHIFT_HOURS``, in every thread of it."""

from __future__ import annotations

import os
from datetime import timedelta

import time_machine

from interviewer.settings import *  # noqa: F403

time_machine.travel(timedelta(hours=int(os.environ["SHIFT_HOURS"])), tick=True).start()
