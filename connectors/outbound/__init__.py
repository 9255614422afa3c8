# SPDX-License-Identifier: EUPL-1.2
"""What other systems are told of facts recorded here: at least once, in order per person, and what does not arrive is kept in sight.

fact          one fact as it is told, and what a recipient says to it
destinations  who hears of what: registered, changed, ended
drawing       deliveries made out of the feed, each once
taking        deliveries leased to a process, and what came of them
retries       how long to wait, and when to give up
dispatcher    the loop: draw, take, tell, settle
dead_letters  what was refused or given up, sent again because somebody says so

The feed is the outbox (docs/adr/0038): an event is in it once, at a place that never changes, and a destination remembers up to which
place it was drawn for. Of one person's facts a destination is told the next when it has answered the one before.
"""
