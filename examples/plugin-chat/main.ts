import { mount } from 'svelte'
import Chat from './Chat.svelte'

const target = document.getElementById('chat')
if (!target) throw new Error('index.html has no #chat.')
mount(Chat, { target })
