// An SMSC on loopback by the npm package `smpp`, which somebody else wrote: each line on standard input is a command,
// each line on standard output an event, both JSON. Arguments: the folder with node_modules, port, system id,
// password, the first message id, `asks` when standard input says how to answer each part, certificate and key.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [folder, port, systemId, password, first = '1', asking = 'asks', ...tls] = process.argv.slice(2)
const asks = asking === 'asks'
const smpp = createRequire(`${folder}/package.json`)('smpp')

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const receivers = new Set()
const undecided = new Map() // submitted parts whose answer the test still has to say
let lastId = Number(first) - 1
let isDeaf = false
let idBase = 10
let waiting = [] // deliveries while nobody is bound

function onSubmit(session, pdu) {
  if (!asks) {
    accept(session, pdu, {})
    return
  }
  undecided.set(undecided.size, [session, pdu])
  tell({ event: 'submitting', number: undecided.size - 1 })
}

function accept(session, pdu, answer) {
  if (answer.silent) return
  if (answer.status) {
    session.send(pdu.response({ command_status: answer.status }))
    return
  }
  const id = (++lastId).toString(idBase).toUpperCase()
  const message = pdu.short_message?.message?.length ? pdu.short_message : (pdu.message_payload ?? pdu.short_message)
  const submitted = {
    event: 'submitted',
    id,
    source: pdu.source_addr,
    source_ton: pdu.source_addr_ton,
    destination: pdu.destination_addr,
    text: String(message.message ?? message),
    coding: pdu.data_coding,
    esm: pdu.esm_class,
    udh: message.udh?.map((one) => one.toString('hex')) ?? [],
    receipt: pdu.registered_delivery,
    sar: pdu.sar_msg_ref_num === undefined ? null : [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
  }
  if (answer.receipt_first) deliverTo(receiver(), { ...receiptOf(submitted), number: -1 })
  tell(submitted)
  if (!answer.lose) session.send(pdu.response({ message_id: answer.nameless ? '' : id }))
  if (answer.then === 'drop') session.socket.destroy()
}

const receiptOf = (submitted) => ({
  source: submitted.destination,
  destination: submitted.source,
  esm: 4,
  data: Buffer.from(`id:${submitted.id} stat:DELIVRD err:000 text:`).toString('hex'),
})

const receiver = () => [...receivers].at(-1)

function deliverTo(session, order) {
  if (!session) {
    waiting.push(order)
    return
  }
  const fields = {
    source_addr_ton: order.ton ?? 1,
    source_addr_npi: 1,
    source_addr: order.source,
    destination_addr: order.destination,
    esm_class: order.esm ?? 0,
    data_coding: order.coding ?? 0,
    short_message: Buffer.from(order.data ?? '', 'hex'),
  }
  for (const [name, value] of Object.entries(order.tlvs ?? {})) fields[name] = value
  session.deliver_sm(fields, (answer) => tell({ event: 'taken', number: order.number, status: answer.command_status }))
}

function onBind(session, pdu, isReceiver) {
  if (pdu.system_id !== systemId || pdu.password !== password) {
    session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }))
    return
  }
  session.send(pdu.response())
  if (isReceiver) {
    receivers.add(session)
    const orders = waiting
    waiting = []
    for (const order of orders) deliverTo(session, order)
  }
  tell({ event: 'bound', as: pdu.command })
}

function onSession(session) {
  session.on('bind_transceiver', (pdu) => onBind(session, pdu, true))
  session.on('bind_receiver', (pdu) => onBind(session, pdu, true))
  session.on('bind_transmitter', (pdu) => onBind(session, pdu, false))
  session.on('submit_sm', (pdu) => onSubmit(session, pdu))
  session.on('enquire_link', (pdu) => {
    tell({ event: 'enquired' })
    if (!isDeaf) session.send(pdu.response())
  })
  session.on('unbind', (pdu) => {
    tell({ event: 'unbound' })
    session.send(pdu.response())
    session.close()
  })
  session.on('close', () => receivers.delete(session))
  session.on('error', () => receivers.delete(session))
}

const options = {}
if (tls.length) {
  const { readFileSync } = await import('node:fs')
  Object.assign(options, { cert: readFileSync(tls[0]), key: readFileSync(tls[1]), tls: true })
}
const server = tls.length ? smpp.createServer(options, onSession) : smpp.createServer(onSession)
server.listen(Number(port), '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }))

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line)
  if (order.do === 'deliver') deliverTo(receiver(), order)
  else if (order.do === 'answer') accept(...undecided.get(order.number), order.answer)
  else if (order.do === 'deafen') isDeaf = true
  else if (order.do === 'raw') receiver()?.socket.write(Buffer.from(order.data, 'hex'))
  else if (order.do === 'count_by') idBase = order.base
}
process.exit(0)
