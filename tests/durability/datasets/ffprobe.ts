// Another program's opinion of a video: Debian's ffprobe, which is built of other sources than the
// FFmpeg that makes it here, decodes all of it.
import { execFileSync } from 'node:child_process'
import { requireTool } from '../../faults/tools.ts'

const isThere = requireTool('ffprobe')

/** What is wrong with the video at `path`, in words. Nothing where there is no ffprobe. */
export function probe(path: string, frames: number): string[] {
  if (!isThere) return []
  const wanted = `nb_frames=${frames},nb_read_frames=${frames}`
  const entries = ['-select_streams', 'v', '-show_entries', 'stream=nb_frames,nb_read_frames']
  const options = ['-v', 'error', '-count_frames', ...entries, '-of', 'default=nw=1']
  try {
    const said = execFileSync('ffprobe', [...options, path], { encoding: 'utf8', stdio: 'pipe' })
    const found = said.trim().split('\n').join()
    return found === wanted ? [] : [`${path}: ffprobe expected ${wanted}, found ${found}`]
  } catch (error) {
    return [`${path}: ffprobe says ${(error as { stderr?: string }).stderr}`]
  }
}
