# SPDX-License-Identifier: EUPL-1.2
"""XML from outside.

reading      bytes become an element, or are refused: nothing in them is expanded, fetched or guessed
"""

from connectors.xml.reading import (
    XmlCharsetRefused,
    XmlDoctypeRefused,
    XmlLimits,
    XmlNotWellFormed,
    XmlRefused,
    XmlTooDeep,
    XmlTooLarge,
    read_xml,
)

__all__ = [
    "XmlCharsetRefused",
    "XmlDoctypeRefused",
    "XmlLimits",
    "XmlNotWellFormed",
    "XmlRefused",
    "XmlTooDeep",
    "XmlTooLarge",
    "read_xml",
]
