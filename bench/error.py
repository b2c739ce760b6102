"""The errors a user may meet: one clear sentence each, and the exit code it ends with."""


class BenchError(Exception):
    """A failure that the command reports as one sentence, without a traceback."""

    exit_code = 1


class UsageError(BenchError):
    """The request itself is wrong: an unknown name, a value out of range, a busy folder."""

    exit_code = 2


class DataError(BenchError):
    """A data or result file is missing, damaged or malformed."""

    exit_code = 3


class StorageError(BenchError):
    """Results could not be written: full disk, no permission."""

    exit_code = 4
