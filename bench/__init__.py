# SPDX-License-Identifier: EUPL-1.2
"""What the hub costs beside the least it could cost: `make bench`. See docs/explanation/performance.md."""
