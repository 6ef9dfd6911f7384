// SPDX-License-Identifier: GPL-2.0
/*
 * VMX operation, by one of two policies: vmxon=load, entered on each CPU when the
 * module loads, left when it unloads and whenever a CPU or the machine goes away;
 * or vmxon=run, for short windows (window.c), of which little is left to do here.
 *
 * A CPU keeps a list of the VMCSs that it may hold in its caches: each has to be
 * VMCLEARed there before it is used or freed elsewhere, and before VMXOFF.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/cpu.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <asm/desc.h>
#include <asm/fpu/xcr.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

#include "compat.h"
#include "cpu.h"
#include "enter.h"
#include "vhm.h"

DEFINE_PER_CPU(struct vmx_cpu, vmx_cpu);

static char *policy = VHM_CAN_HOLD_VMX ? "load" : "run";
module_param_named(vmxon, policy, charp, 0444);
MODULE_PARM_DESC(vmxon, "when a CPU is in VMX operation: load (while the module is loaded) or run (while a guest runs, beside other hypervisors)");

/* VMX was taken from us (reboot, crash): VMX instructions may fault from now on. */
static bool lost;

/* The kernel's slot for a callback in an emergency is ours; kvm_intel wants it, too. */
static bool slot_held;

static enum cpuhp_state cpuhp_state;

/**
 * vmx_lost() - whether VMX operation has ended under running guests
 *
 * Return: true from the moment a reboot or a crash begins.
 */
bool vmx_lost(void)
{
	return READ_ONCE(lost);
}

static void clear_region(const struct vmx_region *region)
{
	WARN_ONCE(vmclear(__pa(region)) && !vmx_lost(), "vhm: VMCLEAR failed");
}

/**
 * vmx_region_alloc() - a page for VMXON or a VMCS, with the CPU's revision in it
 *
 * Return: the region, or NULL.
 */
struct vmx_region *vmx_region_alloc(void)
{
	struct vmx_region *region = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);

	if (region)
		region->revision = vmx_caps.vmcs_revision;
	return region;
}

/**
 * vmx_region_prepare() - give a fresh VMCS region its first state
 * @region: not loaded anywhere
 */
void vmx_region_prepare(struct vmx_region *region)
{
	struct vmx_cpu *c;
	unsigned long flags;

	local_irq_save(flags);
	c = this_cpu_ptr(&vmx_cpu);
	vmx_window_begin(c);
	clear_region(region);
	vmx_window_end(c);
	local_irq_restore(flags);
}

/* A look at a VMCS, on one CPU after another. */
struct scratch {
	struct vmx_region *region;
	void (*look)(void);
	int err;
};

static void __init scratch_call(void *data)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	struct scratch *s = data;

	s->err = vmx_window_begin(c) ?: vmclear(__pa(s->region)) ?: vmptrld(__pa(s->region));
	if (!s->err) {
		s->look();
		clear_region(s->region);
	}
	vmx_window_end(c);
}

/**
 * vmx_with_scratch_vmcs() - on each CPU, look at a VMCS that is nobody's
 * @look: called with it current and IRQs off
 *
 * For the time before there are vCPUs.
 *
 * Return: 0; -ENOMEM; -EIO.
 */
int __init vmx_with_scratch_vmcs(void (*look)(void))
{
	struct scratch s = { .region = vmx_region_alloc(), .look = look };
	int cpu;

	if (!s.region)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, scratch_call, &s, 1);
		if (s.err)
			break;
	}
	cpus_read_unlock();
	free_page((unsigned long)s.region);
	return s.err;
}

/**
 * vmx_forget_here() - take a VMCS out of this CPU
 * @c: this CPU; IRQs are off
 * @x: the vCPU, whose VMCS may be in it
 */
void vmx_forget_here(struct vmx_cpu *c, struct vmx_vcpu *x)
{
	clear_region(x->vmcs);
	list_del(&x->link);
	if (c->current_vcpu == x)
		c->current_vcpu = NULL;
	x->run_flags &= ~BIT(VMX_RUN_LAUNCHED_BIT);
	/* Whoever takes the VMCS next must find it cleared. */
	smp_store_release(&x->cpu, -1);
}

static void forget_call(void *data)
{
	struct vmx_vcpu *x = data;

	if (x->cpu == smp_processor_id())
		vmx_forget_here(this_cpu_ptr(&vmx_cpu), x);
}

/**
 * vmx_forget() - take a VMCS out of the CPU that may hold it
 * @x: the vCPU; not running
 */
void vmx_forget(struct vmx_vcpu *x)
{
	int cpu = READ_ONCE(x->cpu);

	/* A CPU that goes offline meanwhile has forgotten it by itself. */
	if (cpu >= 0)
		smp_call_function_single(cpu, forget_call, x, 1);
}

/* What differs from CPU to CPU in a VMCS's host-state area. */
static void set_host_cpu(const struct vmx_cpu *c)
{
	vmcs_writel(HOST_TR_BASE, c->tr_base);
	vmcs_writel(HOST_GDTR_BASE, c->gdt.address);
	vmcs_writel(HOST_IDTR_BASE, c->idt.address);
	vmcs_writel(HOST_GS_BASE, c->gs_base);
	vmcs_writel(HOST_IA32_SYSENTER_ESP, c->sysenter_esp);
	vmcs_writel(HOST_IA32_SYSENTER_EIP, c->sysenter_eip);
}

/*
 * What ran here before must not steer the branches of what runs next; it need not
 * be current any more, having moved on or ended. A window is opened often and
 * mostly for the same guest again.
 */
static void guard_branches(struct vmx_cpu *c, struct vmx_vcpu *x)
{
	if (static_branch_unlikely(&vmx_windows) && READ_ONCE(c->last) == x)
		return;
	WRITE_ONCE(c->last, x);
	if (vhm_ibpb_wanted())
		vhm_wrmsr(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
}

/**
 * vmx_make_current() - load a VMCS on this CPU
 * @x: its vCPU
 *
 * Called with preemption off, and IRQs on unless no CPU can hold the VMCS; it is
 * taken from another CPU if need be. The host-state fields that differ between
 * CPUs are brought up to date.
 */
void vmx_make_current(struct vmx_vcpu *x)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	int cpu = smp_processor_id();
	bool moved = x->cpu != cpu;
	unsigned long flags;

	if (moved)
		vmx_forget(x);

	local_irq_save(flags);
	if (moved) {
		list_add(&x->link, &c->vmcss);
		x->cpu = cpu;
	}
	guard_branches(c, x);
	WARN_ONCE(vmptrld(__pa(x->vmcs)) && !vmx_lost(), "vhm: VMPTRLD failed");
	c->current_vcpu = x;
	local_irq_restore(flags);

	if (moved) {
		set_host_cpu(c);
		/* Values that no register can have, so that each is written. */
		x->fields = (struct vmx_host_fields){ ~0UL, ~0UL, ~0UL };
		x->frame.host_rsp = 0;
		/* Translations that this CPU holds may be older than the guest's last flush. */
		x->moved = true;
	}
}

/* The TSS's base, as the GDT has it. */
static unsigned long tss_base(const struct desc_ptr *gdt)
{
	const struct ldttss_desc *tss = (void *)gdt->address +
					GDT_ENTRY_TSS * sizeof(struct desc_struct);

	/* No bit may be taken for a sign: from 6.2 on the address is random. */
	return tss->base0 | (unsigned long)tss->base1 << 16 | (unsigned long)tss->base2 << 24 |
	       (unsigned long)tss->base3 << 32;
}

static void read_host_cpu(struct vmx_cpu *c)
{
	asm volatile("sgdt %0" : "=m" (c->gdt));
	store_idt(&c->idt);
	c->tr_base = tss_base(&c->gdt);
	c->gs_base = vhm_rdmsr(MSR_GS_BASE);
	c->sysenter_esp = vhm_rdmsr(MSR_IA32_SYSENTER_ESP);
	c->sysenter_eip = vhm_rdmsr(MSR_IA32_SYSENTER_EIP);
	c->star = vhm_rdmsr(MSR_STAR);
	c->lstar = vhm_rdmsr(MSR_LSTAR);
	c->fmask = vhm_rdmsr(MSR_SYSCALL_MASK);
	c->tsc_aux = boot_cpu_has(X86_FEATURE_RDTSCP) ? vhm_rdmsr(MSR_TSC_AUX) : 0;
	c->xcr0 = boot_cpu_has(X86_FEATURE_XSAVE) ? xgetbv(XCR_XFEATURE_ENABLED_MASK) : 0;
}

/* Enter VMX operation on this CPU, IRQs off. */
static int enter_vmx(struct vmx_cpu *c)
{
	int err;

	if (c->on)
		return 0;
	if (live_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	read_host_cpu(c);
	vhm_pt_handle_vmx(1);
	vhm_cr4_set_bits(X86_CR4_VMXE);
	err = vmxon(__pa(c->region));
	if (err) {
		vhm_cr4_clear_bits(X86_CR4_VMXE);
		vhm_pt_handle_vmx(0);
	} else {
		c->on = true;
	}
	return err;
}

/* Leave it, IRQs off. */
static void leave_vmx(struct vmx_cpu *c)
{
	struct vmx_vcpu *x, *next;

	if (!c->on)
		return;
	list_for_each_entry_safe(x, next, &c->vmcss, link)
		vmx_forget_here(c, x);
	c->on = false;
	vmxoff();
	vhm_cr4_clear_bits(X86_CR4_VMXE);
	vhm_pt_handle_vmx(0);
}

/* Under vmxon=run: whether a window opens here; leaves VMX as it was, IRQs off. */
static int try_window(struct vmx_cpu *c)
{
	int err = vmx_window_begin(c);

	vmx_window_end(c);
	if (!err)
		read_host_cpu(c);
	return err;
}

static int start_cpu(unsigned int cpu)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = static_branch_unlikely(&vmx_windows) ? try_window(c) : enter_vmx(c);
	local_irq_restore(flags);
	if (err == -EBUSY)
		pr_err("CPU %u: VMX is in use by another hypervisor (CR4.VMXE is set): unload it (rmmod kvm_intel), or load vhm with vmxon=run, which works beside it\n",
		       cpu);
	else if (err)
		pr_err("CPU %u: VMXON failed\n", cpu);
	return err;
}

static int stop_cpu(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	leave_vmx(this_cpu_ptr(&vmx_cpu));
	local_irq_restore(flags);
	return 0;
}

static void leave_call(void *unused)
{
	leave_vmx(this_cpu_ptr(&vmx_cpu));
}

/* The last CPU, IRQs off; the others were taken offline before. */
static void suspend_last_cpu(void)
{
	leave_vmx(this_cpu_ptr(&vmx_cpu));
}

static void resume_first_cpu(void)
{
	if (enter_vmx(this_cpu_ptr(&vmx_cpu)))
		pr_err("cannot enter VMX operation after resume\n");
}

VHM_SYSCORE(vmx_syscore, suspend_last_cpu, resume_first_cpu);

/* Reboot and kexec: firmware and the next kernel expect no VMX operation. */
static int reboot_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	WRITE_ONCE(lost, true);
	on_each_cpu(leave_call, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block reboot_nb = {
	.notifier_call = reboot_notify,
	.priority = 0,
};

/* Crash: called on each CPU, perhaps from an NMI, perhaps inside any of the above. */
static void __maybe_unused emergency(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpu);
	struct vmx_vcpu *x;

	WRITE_ONCE(lost, true);
	if (!(live_cr4() & X86_CR4_VMXE))
		return;
	/* A dump wants what the CPU still caches; the list stays as it is. */
	list_for_each_entry(x, &c->vmcss, link)
		vmclear(__pa(x->vmcs));
	vmxoff();
	/* What cr4_clear_bits() does, without its lockdep check: this may be an NMI. */
	write_live_cr4(live_cr4() & ~X86_CR4_VMXE);
}

/* A module, or a built-in part, by the name it has under /sys/module. */
static bool module_present(const char *name)
{
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, name);

	kobject_put(kobj);
	return kobj;
}

static void take_slot(void)
{
	vhm_emergency_register(emergency);
	slot_held = true;
}

static void give_slot(void)
{
	if (!slot_held)
		return;
	slot_held = false;
	vhm_emergency_unregister(emergency);
}

/*
 * Under vmxon=load kvm_intel could do nothing but fail, and would make the kernel
 * warn on its way. Under vmxon=run it gets the emergency slot while it is there:
 * what it does in an emergency ends a window of ours as well.
 */
static int module_notify(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, "kvm_intel"))
		return NOTIFY_DONE;
	if (static_branch_unlikely(&vmx_windows)) {
		if (state == MODULE_STATE_COMING)
			give_slot();
		else if (state == MODULE_STATE_GOING)
			take_slot();
		return NOTIFY_DONE;
	}
	if (state != MODULE_STATE_COMING)
		return NOTIFY_DONE;
	pr_err("kvm_intel cannot have VMX while vhm holds it: unload vhm first (rmmod vhm), and load it with vmxon=run, which works beside KVM\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block module_nb = {
	.notifier_call = module_notify,
};

static int check_trace(void)
{
	if (!boot_cpu_has(X86_FEATURE_INTEL_PT) || vhm_rdmsr(MSR_IA32_VMX_MISC) & BIT(14))
		return 0;
	if (!VHM_CAN_STOP_TRACE) {
		pr_err("this CPU cannot trace (Intel PT) in VMX operation, and this kernel lets vhm tell nobody\n");
		return -EOPNOTSUPP;
	}
	if (vhm_rdmsr(MSR_IA32_RTIT_CTL) & RTIT_CTL_TRACEEN) {
		pr_err("Intel PT is tracing, and this CPU cannot trace in VMX operation: stop the trace first\n");
		return -EBUSY;
	}
	return 0;
}

static int check_cpu(void)
{
	u64 control;

	if (boot_cpu_data.x86_vendor != X86_VENDOR_INTEL || !(cpuid_ecx(1) & BIT(5))) {
		pr_err("this CPU has no VMX: vhm needs an Intel CPU with VT-x\n");
		return -EOPNOTSUPP;
	}
	if (vhm_cpu_has_fred()) {
		pr_err("this CPU uses FRED, which vhm cannot work with yet\n");
		return -EOPNOTSUPP;
	}
	control = vhm_rdmsr(MSR_IA32_FEAT_CTL);
	if (!(control & FEAT_CTL_LOCKED)) {
		pr_err("IA32_FEATURE_CONTROL is not locked: the kernel has not prepared this CPU for VMX\n");
		return -EOPNOTSUPP;
	}
	if (!(control & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX)) {
		pr_err("firmware has locked VMX off (IA32_FEATURE_CONTROL): turn on virtualization (VT-x) in the firmware's setup\n");
		return -EACCES;
	}
	return check_trace();
}

static int check_kvm(void)
{
	if (VHM_EMERGENCY_SLOT && module_present("kvm_intel")) {
		pr_err("kvm_intel is loaded and holds the kernel's emergency callback for VMX: unload it (rmmod kvm_intel), or load vhm with vmxon=run, which works beside it\n");
		return -EBUSY;
	}
	if (live_cr4() & X86_CR4_VMXE) {
		pr_err("VMX is in use by another hypervisor (CR4.VMXE is set): unload it (rmmod kvm_intel), or load vhm with vmxon=run, which works beside it\n");
		return -EBUSY;
	}
	return 0;
}

static int __init choose_policy(void)
{
	if (!strcmp(policy, "run")) {
		static_branch_enable(&vmx_windows);
		return 0;
	}
	if (strcmp(policy, "load")) {
		pr_err("there is no policy vmxon=%s: say load or run\n", policy);
		return -EINVAL;
	}
	if (VHM_CAN_HOLD_VMX)
		return 0;
	pr_err("vmxon=load cannot be had on this kernel, which lets no module but KVM's hold CR4.VMXE: leave vmxon away, or say vmxon=run\n");
	return -EOPNOTSUPP;
}

static void free_regions(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		free_page((unsigned long)per_cpu(vmx_cpu, cpu).region);
}

static int alloc_regions(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vmx_cpu *c = per_cpu_ptr(&vmx_cpu, cpu);

		INIT_LIST_HEAD(&c->vmcss);
		c->region = vmx_region_alloc();
		if (!c->region) {
			free_regions();
			return -ENOMEM;
		}
	}
	return 0;
}

static int start_cpus(void)
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "x86/vhm:online",
				      start_cpu, stop_cpu);

	if (state < 0)
		return state;
	cpuhp_state = state;
	return 0;
}

/**
 * vmx_start() - make every CPU ready for guests, now and when one comes online
 *
 * By vmxon=load that is to enter VMX operation.
 *
 * Return: 0, or behind a line in the log: -EINVAL no such policy, -EOPNOTSUPP no VMX
 * or not this policy, -EACCES locked by firmware, -EBUSY somebody else has VMX,
 * -ENODEV a control is missing, -ENOMEM.
 */
int __init vmx_start(void)
{
	int err = choose_policy();

	if (!err)
		err = check_cpu();
	if (!err)
		err = vmx_caps_negotiate();
	if (!err)
		err = alloc_regions();
	if (err)
		return err;
	/* From here on kvm_intel does not come unnoticed any more; has it come before? */
	err = register_module_notifier(&module_nb);
	if (err)
		goto free;
	if (!static_branch_unlikely(&vmx_windows))
		err = check_kvm();
	if (err)
		goto unregister;
	if (!module_present("kvm_intel"))
		take_slot();
	err = start_cpus();
	if (err)
		goto unregister;
	/* A window is open with IRQs off alone: nothing is left to end by then. */
	if (!static_branch_unlikely(&vmx_windows)) {
		register_reboot_notifier(&reboot_nb);
		vhm_syscore_register(&vmx_syscore);
	}
	return 0;

unregister:
	unregister_module_notifier(&module_nb);
	give_slot();
free:
	free_regions();
	return err;
}

/**
 * vmx_stop() - leave VMX operation on every CPU; no VMCS may be left
 */
void vmx_stop(void)
{
	if (!static_branch_unlikely(&vmx_windows)) {
		vhm_syscore_unregister(&vmx_syscore);
		unregister_reboot_notifier(&reboot_nb);
	}
	cpuhp_remove_state(cpuhp_state);
	unregister_module_notifier(&module_nb);
	give_slot();
	free_regions();
}
