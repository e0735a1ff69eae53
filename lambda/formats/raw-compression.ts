/** Compression of the objects of the raw log, by whoever writes them. Readers accept any level. */
import { constants } from 'node:zlib';

/** Level 3 is zstd's default. */
export const RAW_COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
