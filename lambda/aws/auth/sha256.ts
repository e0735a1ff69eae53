/**
 * SHA-256 and HMAC with the interface of the SDK's signer, implemented with node:crypto. The published pure-JavaScript
 * implementation is slower and adds 18 KB to every bundle that signs.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

export type Bytes = string | ArrayBuffer | ArrayBufferView;

function view(data: Bytes): string | NodeJS.ArrayBufferView {
  return typeof data === 'string' || ArrayBuffer.isView(data)
    ? (data as string | NodeJS.ArrayBufferView)
    : new Uint8Array(data);
}

export class Sha256 {
  private readonly secret: Bytes | undefined;
  private hash: Hash | Hmac;

  /** @param secret makes it an HMAC */
  constructor(secret?: Bytes) {
    this.secret = secret;
    this.hash = this.start();
  }

  private start(): Hash | Hmac {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', view(this.secret));
  }

  update(data: Bytes): void {
    this.hash.update(view(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }

  reset(): void {
    this.hash = this.start();
  }
}
