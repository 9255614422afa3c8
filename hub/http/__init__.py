# SPDX-License-Identifier: EUPL-1.2
"""What the hub says over HTTP beside the schema's own answers."""
