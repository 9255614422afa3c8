# SPDX-License-Identifier: EUPL-1.2
"""Each agency as a real HTTP server, strict as the real one, for the demo and the tests.

registry     who is who: consumers, e-services, purposes
keys         their RSA keys, in `<data_dir>/demo/`
jws          RS256 from the standard's text, independent of the hub's signing
modi         what every provider checks: voucher, digest, signature, evidence (with `replay`)
faults       switches that make an agency fail
serving      several of them as HTTP servers on loopback
pdnd, anpr   the agencies (`assertions`: PDND's checks; `anpr_answers`: ANPR's shapes)
"""
