/** Binary messages of the live connection: a length, a JSON header, then the parts back to back. */

/** Join a header and its parts: uint32 (little-endian) length of the header, the header as UTF-8, the parts. */
export function frame(header: object, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const total = parts.reduce((sum, part) => sum + part.length, 4 + text.length);
  const message = new Uint8Array(total);
  new DataView(message.buffer).setUint32(0, text.length, true);
  message.set(text, 4);
  let at = 4 + text.length;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** Take a message apart; the body is what follows the header. Throws `Error` for what is no such message. */
export function unframe(message: ArrayBuffer): { header: unknown; body: Uint8Array<ArrayBuffer> } {
  const length = message.byteLength < 4 ? Number.POSITIVE_INFINITY : new DataView(message).getUint32(0, true);
  if (4 + length > message.byteLength) {
    throw new Error(
      `a message of ${message.byteLength} bytes came that is shorter than its own header says.`,
    );
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(message, 4, length));
  return { header: JSON.parse(text), body: new Uint8Array(message, 4 + length) };
}
