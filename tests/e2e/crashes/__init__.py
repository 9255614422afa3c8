# SPDX-License-Identifier: EUPL-1.2
"""What is left of the ledger when its processes are killed again and again: the crash test, short in CI and long in `make soak`."""
