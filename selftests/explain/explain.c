// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "explain.h"

/* Long enough for any guest to get to its first exit by itself. */
#define PATIENCE_US	4000

static __guest void say_hello_for_ever(void)
{
	for (;;)
		GUEST_SYNC(0);
}

/* 1: hlt; jmp 1b, in any width of code. */
static const uint8_t halt_for_ever[] = { 0xf4, 0xeb, 0xfd };

static void on_alarm(int sig)
{
	(void)sig;
}

/* A machine, and each field in its VMCS as after an entry. */
void stage_open(struct stage *stage)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	vm_init(&stage->vm, VM_MEMORY);
	vcpu_init(&stage->vm, &stage->cpu, 0);
	memset(&stage->caps, 0, sizeof(stage->caps));
	VM_IOCTL(stage->vm.dev, VHM_GET_CAPABILITY_MSRS, &stage->caps);
	memcpy(stage->vm.mem + VM_CODE16, halt_for_ever, sizeof(halt_for_ever));
	memcpy(stage->vm.mem + VM_DATA, halt_for_ever, sizeof(halt_for_ever));
	/* Some fields of the host's are written at the first entry. */
	stage_set(stage, LONG);
	if (vcpu_run(&stage->cpu) != KVM_EXIT_IO)
		die("the guest does not run: exit %u", stage->cpu.run->exit_reason);
}

void stage_close(struct stage *stage)
{
	vcpu_close(&stage->cpu);
	vm_close(&stage->vm);
}

static void set_8086(struct vcpu *cpu)
{
	struct kvm_regs regs = vcpu_regs(cpu);
	struct kvm_sregs sregs = vcpu_sregs(cpu);
	struct kvm_segment segment = {
		.selector = VM_DATA >> 4, .base = VM_DATA, .limit = 0xffff,
		.type = 3, .present = 1, .s = 1, .dpl = 3,
	};

	sregs.cs = segment;
	sregs.ss = segment;
	sregs.ds = segment;
	sregs.es = segment;
	sregs.fs = segment;
	sregs.gs = segment;
	VM_IOCTL(cpu->fd, KVM_SET_SREGS, &sregs);
	regs.rip = 0;
	regs.rflags = 1 << 17 | 2;
	VM_IOCTL(cpu->fd, KVM_SET_REGS, &regs);
}

static void set_registers(struct stage *stage, enum base base)
{
	switch (base) {
	case LONG:
		vcpu_set_long(&stage->cpu, say_hello_for_ever);
		break;
	case PAE:
		vcpu_set_pae(&stage->cpu, (void *)(uintptr_t)VM_DATA);
		break;
	case REAL:
		vcpu_set_real(&stage->cpu, 0, VM_CODE16);
		break;
	case V86:
		vcpu_set_pae(&stage->cpu, (void *)(uintptr_t)VM_DATA);
		set_8086(&stage->cpu);
		break;
	case NR_BASES:
		break;
	}
}

/* The vCPU in a state to begin with; its VMCS is read. */
void stage_set(struct stage *stage, enum base base)
{
	struct vhm_get_vmcs get = { .count = 1, .data = (uintptr_t)&stage->vmcs };
	struct kvm_vcpu_events events = {};

	set_registers(stage, base);
	VM_IOCTL(stage->cpu.fd, KVM_SET_VCPU_EVENTS, &events);
	VM_IOCTL(stage->cpu.fd, VHM_GET_VMCS, &get);
}

/* How a guest that was set so leaves, when nothing is broken. */
uint32_t stage_exit(enum base base)
{
	switch (base) {
	case LONG:
		return KVM_EXIT_IO;
	case V86:
		/* HLT is a #GP there, and there is nobody to take it. */
		return KVM_EXIT_SHUTDOWN;
	default:
		return KVM_EXIT_HLT;
	}
}

uint64_t stage_field(const struct stage *stage, enum vmx_field field)
{
	uint32_t encoding = vmx_field_info(field)->encoding;

	for (uint32_t i = 0; i < stage->vmcs.count; i++)
		if (stage->vmcs.field[i].encoding == encoding)
			return stage->vmcs.field[i].value;
	return 0;
}

uint64_t stage_capability(const struct stage *stage, enum vmx_capability cap)
{
	for (uint32_t i = 0; i < stage->caps.count; i++)
		if (stage->caps.msr[i].index == VMX_CAP_FIRST_MSR + (uint32_t)cap)
			return stage->caps.msr[i].value;
	return 0;
}

/* May these bits be 1 on this CPU? True of a field that is no control, nor CR4. */
bool stage_allows(const struct stage *stage, enum vmx_field field, uint32_t bits)
{
	static const struct {
		enum vmx_field field;
		enum vmx_capability cap;
	} controls[] = {
		{ VMX_F_PIN_BASED_VM_EXEC_CONTROL, VMX_CAP_PINBASED },
		{ VMX_F_CPU_BASED_VM_EXEC_CONTROL, VMX_CAP_PROCBASED },
		{ VMX_F_SECONDARY_VM_EXEC_CONTROL, VMX_CAP_PROCBASED2 },
		{ VMX_F_VM_EXIT_CONTROLS, VMX_CAP_EXIT },
		{ VMX_F_VM_ENTRY_CONTROLS, VMX_CAP_ENTRY },
	};

	if (field == VMX_F_GUEST_CR4)
		return !(bits & ~stage_capability(stage, VMX_CAP_CR4_FIXED1));
	for (unsigned int i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (controls[i].field == field)
			return !(bits & ~(stage_capability(stage, controls[i].cap) >> 32));
	return true;
}

/* A field for the next entry. Return: 0 or the errno. */
int stage_inject(struct stage *stage, enum vmx_field field, uint64_t value)
{
	struct vhm_inject_field inject = {
		.encoding = vmx_field_info(field)->encoding, .value = value,
	};

	return ioctl(stage->cpu.fd, VHM_INJECT_FIELD, &inject) ? errno : 0;
}

/* Likewise from what it holds now. */
int stage_change(struct stage *stage, const struct change *change)
{
	uint64_t value = stage_field(stage, change->field);
	uint32_t regs[4];

	if (!change->top)
		return stage_inject(stage, change->field, (value & ~change->clear) | change->set);
	cpuid(0x80000008, 0, regs);
	return stage_inject(stage, change->field, (1ull << (regs[0] & 0xff)) - 16);
}

/* Enter, and come back whatever the guest does. Return: the exit reason; 0: an alarm ended it. */
uint32_t stage_run(struct stage *stage)
{
	struct itimerval timer = { .it_value.tv_usec = PATIENCE_US }, off = {};
	int err = 0;

	setitimer(ITIMER_REAL, &timer, NULL);
	if (ioctl(stage->cpu.fd, KVM_RUN, 0))
		err = errno;
	setitimer(ITIMER_REAL, &off, NULL);
	if (!err)
		return stage->cpu.run->exit_reason;
	if (err == EINTR)
		return 0;
	/* The guest's doing: it was entered. */
	return KVM_EXIT_INTERNAL_ERROR;
}

/* Ask. Return: 0 or the errno. */
int stage_explain(struct stage *stage, struct answer *answer, uint32_t flags)
{
	memset(answer, 0, sizeof(*answer));
	answer->explain.flags = flags;
	answer->explain.text = (uintptr_t)answer->text;
	answer->explain.text_size = sizeof(answer->text);
	return ioctl(stage->cpu.fd, VHM_EXPLAIN, &answer->explain) ? errno : 0;
}
