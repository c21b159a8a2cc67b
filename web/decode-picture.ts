// The picture that a frame is, taken apart. `ImageDecoder` and a conversion by hand take half the
// time of `createImageBitmap`, which reads the file through a Blob; that is for browsers that have no
// other way, or offer it to secure contexts only (docs/decisions/0012-previews.md).
import type { Drawable } from './frame-drawer.ts'

/** What can be drawn. */
export type Picture = ImageData | ImageBitmap

export class PictureDecoder {
  #hasImageDecoder = 'ImageDecoder' in globalThis
  #pixels: ImageData | null = null

  /** Off the calling thread, where the browser does so. What it resolves to lasts until the next call. */
  readonly decode = async (frame: Drawable): Promise<Picture> => {
    if (!this.#hasImageDecoder) return decodeBlob(frame)
    try {
      return await this.#toPixels(frame)
    } catch {
      const picture = await decodeBlob(frame)
      // There is nothing wrong with the picture: this browser cannot do it so.
      this.#hasImageDecoder = false
      return picture
    }
  }

  async #toPixels({ format, pixels }: Drawable): Promise<ImageData> {
    const decoder = new ImageDecoder({ type: `image/${format}`, data: own(pixels) })
    try {
      const { image } = await decoder.decode()
      try {
        const target = this.#roomFor(image.displayWidth, image.displayHeight)
        await image.copyTo(target.data, { format: 'RGBA', colorSpace: 'srgb' })
        return target
      } finally {
        image.close()
      }
    } finally {
      decoder.close()
    }
  }

  /** The same memory for pictures of one size. */
  #roomFor(width: number, height: number): ImageData {
    const kept = this.#pixels
    if (kept?.width === width && kept.height === height) return kept
    this.#pixels = new ImageData(width, height)
    return this.#pixels
  }
}

const decodeBlob = ({ format, pixels }: Drawable): Promise<ImageBitmap> =>
  createImageBitmap(new Blob([own(pixels)], { type: `image/${format}` }))

/** Nothing that comes through a socket is shared between threads. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>
