import { z } from '../zod.ts'
import { listOf, NumberId, Phone, pageOf } from './common.ts'

export const PhoneNumber = z
  .object({
    id: NumberId,
    phone: Phone,
    label: z.string().nullable().describe('Your name for it.'),
    country: z.string().nullable().describe('ISO 3166-1 alpha-2.'),
    test: z.boolean().describe('True for the sandbox network, whose calls ring no real phone.'),
    can_dial: z.boolean().describe('Whether outbound calls can be placed from it now.'),
    cannot_dial_reason: z.string().nullable().describe('Why not, and what to do about it.'),
  })
  .openapi('PhoneNumber')

export const ListNumbers = z.strictObject(pageOf(NumberId))
export const NumberPage = listOf(PhoneNumber).openapi('NumberPage').describe('Numbers that calls are placed from.')
