/** The microphone and the other sound devices, how loud it is, and why there may be none. */

/** `ask`: say why, then ask; `denied`: only the browser's own settings help; `insecure`: the page came without TLS. */
export type MicrophoneTrouble = 'ask' | 'denied' | 'missing' | 'insecure'

export class MicrophoneFault extends Error {
  constructor(readonly trouble: MicrophoneTrouble) {
    super(trouble)
    this.name = 'MicrophoneFault'
  }
}

/** Return the microphone `deviceId`, or the usual one when it is not there. */
export async function openMicrophone(deviceId: string, mayAsk: boolean): Promise<MediaStream> {
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (!devices) throw new MicrophoneFault('insecure')
  if (!mayAsk && (await permission()) !== 'granted') throw new MicrophoneFault('ask')
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  try {
    return await devices.getUserMedia({ audio: deviceId ? { ...wanted, deviceId: { ideal: deviceId } } : wanted })
  } catch (error) {
    throw new MicrophoneFault((error as DOMException).name === 'NotAllowedError' ? 'denied' : 'missing')
  }
}

async function permission(): Promise<PermissionState> {
  try {
    return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state
  } catch {
    return 'prompt' // the browser does not tell
  }
}

export interface Devices {
  microphones: MediaDeviceInfo[]
  speakers: MediaDeviceInfo[]
}

/** Return what can be chosen from; names are known once the microphone was allowed. */
export async function listDevices(): Promise<Devices> {
  const all = (await (navigator.mediaDevices as MediaDevices | undefined)?.enumerateDevices()) ?? []
  const named = all.filter((one) => one.deviceId && one.label)
  return {
    microphones: named.filter((one) => one.kind === 'audioinput'),
    speakers: named.filter((one) => one.kind === 'audiooutput'),
  }
}

/** Tell `onLevel` some times a second how loud `stream` is, 0 to 1; return what ends it. */
export function meter(stream: MediaStream, onLevel: (level: number) => void): () => void {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length
    onLevel(Math.min(1, Math.sqrt(power) * 4)) // speech at arm's length fills half of the meter
  }, 100)
  return () => {
    clearInterval(timer)
    void context.close()
  }
}

/** Record `seconds` of `stream` for hearing oneself. */
export async function sample(stream: MediaStream, seconds: number): Promise<Blob> {
  const recorder = new MediaRecorder(stream)
  const parts: Blob[] = []
  recorder.ondataavailable = ({ data }) => parts.push(data)
  const stopped = new Promise((resolve) => (recorder.onstop = resolve))
  recorder.start()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  recorder.stop()
  await stopped
  return new Blob(parts, { type: recorder.mimeType })
}
