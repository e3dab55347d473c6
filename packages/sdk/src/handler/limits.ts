/** The longest head of a request or answer that is read, in bytes. */
export const maxHeadBytes: number = 256 * 1024;
