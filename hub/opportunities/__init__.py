# SPDX-License-Identifier: EUPL-1.2
"""Opportunities that agencies publish here themselves: job offers, placements (tirocini) and training courses (docs/adr/0047).

forms      what is published, as its publisher says it
rules      what a form must keep, by itself
refusals   why a publication is refused
publish    forms and withdrawals become rows, each change a version that is kept
"""
