/** Pictures that came over the wire, as addresses that the page can show. */

interface Shown {
  readonly picture: Blob;
}

/** The addresses of pictures, one each; those of pictures that are gone are given back. */
export class Pictures {
  readonly #addresses = new Map<Blob, string>();

  /** The address of a picture. */
  address({ picture }: Shown): string {
    const address = this.#addresses.get(picture) ?? URL.createObjectURL(picture);
    this.#addresses.set(picture, address);
    return address;
  }

  /** Forgets all pictures but these. */
  keep(shown: readonly Shown[]): void {
    const kept = new Set(shown.map(({ picture }) => picture));
    for (const [picture, address] of this.#addresses) {
      if (kept.has(picture)) continue;
      URL.revokeObjectURL(address);
      this.#addresses.delete(picture);
    }
  }
}
