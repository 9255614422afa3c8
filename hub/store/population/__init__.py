# SPDX-License-Identifier: EUPL-1.2
"""A synthetic population of any size: deterministic, of plausible people, and none of them real."""
