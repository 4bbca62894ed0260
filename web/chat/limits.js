// Every bound of the page, in one place.
export const ENTRIES_SHOWN = 500; // messages kept in the document; older ones leave at the top
export const ENTRIES_CACHED = 300; // messages kept per channel for the next visit
export const CACHE_CHARS = 400_000; // and their text together: localStorage holds about five million characters
export const CHANNELS_CACHED = 8; // channels that have a cache; the one not visited for longest goes first
export const HISTORY_FIRST_VISIT = 200; // messages asked for by a browser that has no position yet
export const TEXT_SENT_CHARS = 8_000;
export const TEXT_SHOWN_CHARS = 20_000; // of one message, whoever sent it
export const NAME_CHARS = 40;
export const CHANNEL_CHARS = 64;
export const OUTBOX_ENTRIES = 500; // messages waiting to be stored, per channel
export const ACK_TIMEOUT_MS = 10_000; // then the message is sent again, under the same client key
export const READINESS_INTERVAL_MS = 2_500; // a message unanswered for so long: the server is asked whether it stores
export const SAVE_DELAY_MS = 300;
export const CONNECTING_SHOWN_AFTER_MS = 700; // a quick connection needs no banner
export const BACK_SHOWN_MS = 20_000;
export const ANNOUNCED_AFTER_MS = 150; // between the end of a catch-up and the first message read out
