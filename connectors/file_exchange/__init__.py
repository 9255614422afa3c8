# SPDX-License-Identifier: EUPL-1.2
"""Agencies that send files: CSV, NDJSON or XML in a folder of this machine or behind SFTP, each with a checksum beside it.

configuration  one agency, and the file that says it
limits         how large a file may be
shapes         which members a record of each flow has, for formats in which all is text
folders        a folder: what is in it, its bytes, and receipts written atomically; that of this machine
sftp           the same on another machine (asyncssh, the extra `sftp`)
opening        the folder of an agency, whichever it is
checksums      `name.sha256`, as sha256sum writes it
spool          a file's bytes, hashed and unpacked, where nobody can change them any more
refusals       why a file is refused whole
lines          the lines of a file, none longer than agreed
csv_records, ndjson_records, xml_records    raw records with their lines
records        the raw records of one file, and pages of them
sources        the records of one file as the flows want a region, or INPS
receipts       what is written back about a file
"""

from connectors.file_exchange.configuration import KIND, FilingAgency, FilingRegion, Format, Sftp, filing_of

__all__ = ["KIND", "FilingAgency", "FilingRegion", "Format", "Sftp", "filing_of"]
