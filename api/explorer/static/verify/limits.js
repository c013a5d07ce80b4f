// How much the page takes on.

export const LARGEST_FILE = 64 * 2 ** 20; // bytes; some 250,000 entries
export const LARGEST_BESIDE = 4 * 2 ** 20; // bytes of any other file
export const SHOWN_AT_ONCE = 100; // entries or ids in a list
